/** What Streamlit hands to a component at each run of the page. */
interface ComponentRun<Data> {
  data: Data
  parentElement: HTMLElement | ShadowRoot
  /** Told once: the page runs and reads it in that run alone. */
  setTriggerValue(name: string, value: unknown): void
  /** Lasts: the page runs and reads it in every run. */
  setStateValue(name: string, value: unknown): void
}

interface ComponentView<Data> {
  update(run: ComponentRun<Data>): void
  close(): void
}

/** A service worker's own scope, as far as ours use it (shell/installable/). */
interface ServiceWorkerEvent {
  waitUntil(work: Promise<unknown>): void
  addRoutes?(rules: object[]): Promise<void>
}

interface ServiceWorkerFetch extends ServiceWorkerEvent {
  request: Request
  preloadResponse: Promise<Response | undefined>
  respondWith(answer: Promise<Response>): void
}

interface ServiceWorkerScope {
  addEventListener(type: "install" | "activate", listener: (event: ServiceWorkerEvent) => void): void
  addEventListener(type: "fetch", listener: (event: ServiceWorkerFetch) => void): void
  registration: ServiceWorkerRegistration
  clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
}

interface Window {
  /** When a component last sent something to Python, in ms since 1970 (ui/shared/mount.js). */
  __studioSentAt?: number
  /** Workspace -> position in the stream of events (ui/shared/live_events.js). */
  __studioPositions?: Map<string, string>
  /** Uploads by what they go to (ui/uploader/rounds.js). */
  __studioUploads?: Map<string, unknown>
  /** Posts whose last words are on their way, by their address (content_plans/composer/post_store.js). */
  __studioPosts?: Map<string, Promise<void>>
  /** Paintings by the picture under them (ui/mask_canvas/painting.js). */
  __studioMasks?: Map<string, unknown>
  /** The toasts with an undo (shell/status_badges/undo_toasts.js). */
  __studioUndoToasts?: unknown
  /** Vendored scripts by their address (calendar/library.js). */
  __studio_libraries?: Record<string, Promise<void>>
  FullCalendar: {
    Calendar: new (box: HTMLElement, options: FullCalendarOptions) => FullCalendarInstance
    Draggable: new (
      list: HTMLElement,
      options: { itemSelector: string; appendTo: HTMLElement; eventData(box: HTMLElement): object | undefined },
    ) => { destroy(): void }
  }
}

/** FullCalendar 6 (content_plans/calendar_view/vendor/), as far as the calendar uses it; it comes as a script without types. */
interface FullCalendarEvent {
  id: string
  start: Date
  extendedProps: { spot: import("./content_plans/calendar_view/entry.js").CalendarEntry }
  remove(): void
}

interface FullCalendarShown {
  type: string
  title: string
  activeStart: Date
  activeEnd: Date
}

interface FullCalendarOptions {
  [appearance: string]: unknown
  dayCellDidMount?(cell: { el: HTMLElement }): void
  events?(range: { start: Date; end: Date }, onRead: (events: object[]) => void, onFailed: (error: Error) => void): void
  loading?(isLoading: boolean): void
  datesSet?(shown: { view: FullCalendarShown }): void
  moreLinkClick?(link: { date: Date }): string
  moreLinkText?(n: number): string
  moreLinkHint?(n: number): string
  eventContent?(shown: { event: FullCalendarEvent }): { domNodes: Node[] }
  eventDidMount?(shown: { el: HTMLElement; event: FullCalendarEvent }): void
  eventClick?(click: { event: FullCalendarEvent; jsEvent: Event }): void
  eventDrop?(drop: { event: FullCalendarEvent; revert: () => void; view: FullCalendarShown }): void
  eventReceive?(drop: { event: FullCalendarEvent; view: FullCalendarShown }): void
  select?(range: { start: Date; end: Date; view: FullCalendarShown }): void
}

interface FullCalendarInstance {
  view: FullCalendarShown
  render(): void
  destroy(): void
  refetchEvents(): void
  changeView(type: string): void
  prev(): void
  next(): void
  today(): void
  unselect(): void
  updateSize(): void
  scrollToTime(time: string): void
  setOption(name: string, value: unknown): void
}
