/** @import { NamedFile } from "./queue.js" */

/**
 * The files of a drop, with those in dropped folders.
 *
 * @param {DataTransfer} transfer
 * @returns {Promise<NamedFile[]>}
 */
export const droppedFiles = async transfer => {
  // Both are read before the first wait: a browser empties a drop when its event is over.
  const entries = [...transfer.items].flatMap(item => item.webkitGetAsEntry?.() ?? [])
  const plain = [...transfer.files].map(file => ({ file, name: file.name }))
  if (!entries.length) return plain
  /** @type {NamedFile[]} */
  const found = []
  for (const entry of entries) await collect(entry, "", found)
  return found
}

/**
 * @param {FileSystemEntry} entry
 * @param {string} folder with its slash
 * @param {NamedFile[]} found
 */
const collect = async (entry, folder, found) => {
  if (isFile(entry)) {
    found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name: folder + entry.name })
  } else if (isFolder(entry)) {
    const reader = entry.createReader()
    // A reader gives a folder in parts, and an empty part at its end.
    for (;;) {
      const children = await readEntries(reader)
      if (!children.length) break
      for (const child of children) await collect(child, `${folder}${entry.name}/`, found)
    }
  }
}

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
const readEntries = reader => new Promise((resolve, reject) => reader.readEntries(resolve, reject))

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
const isFile = entry => entry.isFile

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemDirectoryEntry}
 */
const isFolder = entry => entry.isDirectory
