// @vitest-environment jsdom
import { expect, test } from "vitest";
import { Problem, Unreachable } from "../src/errors";
import { browserClock, type Clock, follow, pauses, poll, type Sight } from "../src/poll";

const never = new AbortController().signal;

/** A clock on which all waiting is over at once, and noted. */
function instant(): { clock: Clock; waited: number[] } {
  const waited: number[] = [];
  const clock: Clock = {
    wait: (ms) => {
      waited.push(ms);
      return Promise.resolve();
    },
    visible: () => Promise.resolve(),
  };
  return { clock, waited };
}

/** A step that is not there `times` times, and then is. */
function after(times: number) {
  let asked = 0;
  return () => Promise.resolve(++asked > times);
}

test("pauses grow up to ten seconds and end", () => {
  const all = pauses();
  expect(all.slice(0, 3)).toEqual([300, 450, 675]);
  expect(Math.max(...all)).toBe(10_000);
  expect(all.every((pause, n) => n === 0 || pause >= (all[n - 1] ?? 0))).toBe(true);
});

test("asking goes on until the step says yes", async () => {
  const { clock, waited } = instant();
  expect(await poll(after(4), never, clock)).toBe(true);
  expect(waited).toEqual(pauses().slice(0, 5));
});

test("asking gives up after the last pause", async () => {
  const { clock, waited } = instant();
  expect(await poll(after(Infinity), never, clock)).toBe(false);
  expect(waited).toHaveLength(pauses().length);
});

test.each([new Unreachable("away"), new Problem(503, "")])(
  "%s counts as not yet",
  async (error) => {
    let failed = false;
    const step = () => {
      if (failed) return Promise.resolve(true);
      failed = true;
      return Promise.reject(error);
    };
    expect(await poll(step, never, instant().clock)).toBe(true);
  },
);

test("an error that will not go away is thrown", async () => {
  const step = () => Promise.reject(new Problem(400, "bad"));
  await expect(poll(step, never, instant().clock)).rejects.toBeInstanceOf(Problem);
});

test("nothing is asked once the signal has aborted", async () => {
  const stop = new AbortController();
  const clock: Clock = {
    ...instant().clock,
    visible: () => {
      stop.abort();
      return Promise.resolve();
    },
  };
  const step = () => Promise.reject(new Error("asked"));
  expect(await poll(step, stop.signal, clock)).toBe(false);
});

test("a hidden page waits until it is seen again", async () => {
  let hidden = true;
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  let seen = false;
  const waiting = browserClock.visible(never).then(() => {
    seen = true;
  });
  document.dispatchEvent(new Event("visibilitychange"));
  await Promise.resolve();
  expect(seen).toBe(false);
  hidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  await waiting;
  expect(seen).toBe(true);
});

test("waiting ends when the reader comes back to the page", async () => {
  const waiting = browserClock.wait(3_600_000, never);
  document.dispatchEvent(new Event("visibilitychange"));
  await waiting;
});

test("waiting ends when the signal aborts", async () => {
  const stop = new AbortController();
  const waiting = browserClock.wait(3_600_000, stop.signal);
  stop.abort();
  await waiting;
  await browserClock.wait(3_600_000, stop.signal);
});

/** What `follow` waits between looks that answer `answers`; it is stopped after the last of them. */
async function waitedAfter(answers: Sight[]): Promise<number[]> {
  const { clock, waited } = instant();
  const stop = new AbortController();
  const look = () => {
    const answer = answers.shift() ?? "nothing";
    if (answers.length === 0) stop.abort();
    return Promise.resolve(answer);
  };
  await follow(look, stop.signal, clock);
  return waited;
}

test("what did not come is looked for again soon, news calmly and ever more so", async () => {
  const away = ["nothing", "nothing"] as const;
  expect(await waitedAfter([...away, "fresh", "fresh", "fresh", ...away])).toEqual([
    1000, 1500, 10_000, 15_000, 22_500, 1000, 1500,
  ]);
});

test("what is stale is looked at three times more, then as calmly as what is fresh", async () => {
  expect(await waitedAfter(Array<Sight>(9).fill("stale"))).toEqual([
    500, 1500, 4000, 10_000, 500, 1500, 4000, 15_000, 500,
  ]);
  expect(await waitedAfter(["stale", "fresh", "stale", "nothing", "stale"])).toEqual([
    500, 10_000, 500, 1000, 500,
  ]);
});

test("the calmest pause is five minutes, the most impatient one half a minute", async () => {
  expect(Math.max(...(await waitedAfter(Array<Sight>(20).fill("fresh"))))).toBe(300_000);
  expect(Math.max(...(await waitedAfter(Array<Sight>(20).fill("nothing"))))).toBe(30_000);
});
