// Asking again: for something that must come, and for news; gently, and never in a hidden tab.

import { isTemporary } from "./errors";

const GROWTH = 1.5;
/** For what is on its way. */
const AWAITED = { first: 300, longest: 10_000 };
/** About eight minutes in all: what has not come by then needs a person, not another request. */
const ATTEMPTS = 55;
/** For a service that is away. */
const SOON = { first: 1_000, longest: 30_000 };
/**
 * After a stale answer: for a function that was awake, then for one that had to be woken. No more,
 * since an answer is fresh for a second only: who asks less often than that finds none but stale ones.
 */
const AGAIN = [500, 1_500, 4_000];
/** For news that nobody waits for. */
const CALM = { first: 10_000, longest: 300_000 };

function pause({ first, longest }: { first: number; longest: number }, n: number): number {
  return Math.min(first * GROWTH ** n, longest);
}

/** The pauses before each attempt, in milliseconds. */
export function pauses(): number[] {
  return Array.from({ length: ATTEMPTS }, (_, n) => pause(AWAITED, n));
}

/** Time and visibility as poll needs them; both promises also end when the signal aborts. */
export interface Clock {
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  visible: (signal: AbortSignal) => Promise<void>;
}

/**
 * Runs `step` after each pause until it answers true. Gives false when the pauses are used up or
 * the signal aborted. A temporary failure counts as "not yet"; any other error is thrown.
 */
export async function poll(
  step: () => Promise<boolean>,
  signal: AbortSignal,
  clock: Clock = browserClock,
): Promise<boolean> {
  for (const ms of pauses()) {
    await clock.wait(ms, signal);
    await clock.visible(signal);
    if (signal.aborted) return false;
    if (await attempt(step)) return !signal.aborted;
  }
  return false;
}

async function attempt(step: () => Promise<boolean>): Promise<boolean> {
  try {
    return await step();
  } catch (error) {
    if (isTemporary(error)) return false;
    throw error;
  }
}

/** What a look at the blog gave. */
export type Sight = "fresh" | "stale" | "nothing";

/**
 * Runs `look` at once and again until the signal aborts: soon while it gives nothing, a few times
 * when it gives what is stale, calmly else.
 */
export async function follow(
  look: () => Promise<Sight>,
  signal: AbortSignal,
  clock: Clock = browserClock,
): Promise<void> {
  const next = pausesBetweenLooks();
  while (!signal.aborted) {
    await clock.wait(next(await look()), signal);
    await clock.visible(signal);
  }
}

function pausesBetweenLooks(): (sight: Sight) => number {
  const counts = { calm: 0, soon: 0, again: 0 };
  return (sight) => {
    if (sight === "nothing") {
      Object.assign(counts, { calm: 0, again: 0 });
      return pause(SOON, counts.soon++);
    }
    counts.soon = 0;
    const ms = sight === "stale" ? AGAIN[counts.again++] : undefined;
    if (ms !== undefined) return ms;
    counts.again = 0;
    return pause(CALM, counts.calm++);
  };
}

export const browserClock: Clock = {
  // Who comes back to the page wants news at once, not when the pause is over.
  wait: (ms, signal) =>
    ended(signal, (done, over) => {
      setTimeout(done, ms);
      whenSeen(done, over);
    }),
  visible: (signal) =>
    ended(signal, (done, over) => {
      if (document.hidden) whenSeen(done, over);
      else done();
    }),
};

function whenSeen(act: () => void, over: AbortSignal): void {
  const look = () => {
    if (!document.hidden) act();
  };
  document.addEventListener("visibilitychange", look, { signal: over });
}

/** Ends when `start` says so, or when the signal aborts; `over` aborts then. */
function ended(
  signal: AbortSignal,
  start: (done: () => void, over: AbortSignal) => void,
): Promise<void> {
  const over = new AbortController();
  return new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { signal: over.signal });
    start(resolve, over.signal);
  }).finally(() => over.abort());
}
