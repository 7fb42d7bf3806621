import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { ChartScale, extentOf, figures, logTicks, ticks } from "./scale.js"

test("figures as short as they can be", () => {
  assert.deepEqual([0, 123.4, 1.234, 0.1234, 0.00012].map(figures), ["0", "123", "1.23", "0.123", "1.2e-4"])
})

describe("ticks", () => {
  test("are round numbers inside", () => {
    assert.deepEqual(ticks(0, 1000, 4), [0, 500, 1000])
    assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10])
  })

  test("count an end that is round itself", () => {
    const found = ticks(0.1, 0.3, 4)
    assert.equal(found.length, 5)
    assert.ok(Math.abs(found[4] - 0.3) < 1e-9)
  })

  test("by their logarithm: 1, 2 and 5 of each power", () => {
    assert.deepEqual(logTicks(0.09, 2), [0.1, 0.2, 0.5, 1, 2])
  })

  test("by their logarithm, in a narrow range: as on an even axis", () => {
    assert.deepEqual(logTicks(0.3, 0.4), ticks(0.3, 0.4, 4))
  })
})

describe("the axes", () => {
  test("show all losses but the dearest half percent, and never less than 0", () => {
    const losses = Array.from(
      { length: 1000 },
      (_, n) => /** @type {[number, number]} */ ([n, n === 3 ? 99 : n / 1000]),
    )
    const { low, high, steps } = extentOf({ drawn: [losses], steps: [1500, 999], log: false })
    assert.equal(low, 0)
    assert.ok(high > 0.994 && high < 1.1)
    assert.equal(steps, 1500)
  })

  test("leave out what a logarithm cannot show", () => {
    const { low } = extentOf({
      drawn: [
        [
          [1, 0],
          [2, 0.5],
        ],
      ],
      steps: [2],
      log: true,
    })
    assert.ok(low > 0.4 && low < 0.5)
  })

  test("exist without any point", () => {
    assert.deepEqual(extentOf({ drawn: [], steps: [], log: false }), { low: 0, high: 1.08, steps: 1 })
  })
})

describe("the scale", () => {
  const scale = new ChartScale({ width: 660, height: 234 }, { low: 0, high: 2, steps: 100 }, false)

  test("places steps and losses", () => {
    assert.deepEqual([scale.x(0), scale.x(100)], [50, 650])
    assert.deepEqual([scale.y(2), scale.y(0), scale.y(1)], [12, 212, 112])
  })

  test("keeps what is beyond at the edge", () => {
    assert.equal(scale.y(99), scale.y(2))
    assert.equal(scale.y(-1), scale.y(0))
    assert.equal(scale.step(0), 0)
  })

  test("finds the step under a px", () => assert.ok(Math.abs(scale.step(scale.x(42)) - 42) < 1e-9))

  test("draws a path", () =>
    assert.equal(
      scale.path([
        [0, 2],
        [100, 0],
      ]),
      "M50.0 12.0L650.0 212.0",
    ))

  test("leaves 0 out of a logarithmic path", () => {
    const log = new ChartScale({ width: 660, height: 234 }, { low: 0.1, high: 10, steps: 100 }, true)
    assert.equal(
      log.path([
        [0, 0],
        [100, 1],
      ]),
      "M650.0 112.0",
    )
  })
})
