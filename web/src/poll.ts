// Asking again until something is so: gently, slower each time, and never in a hidden tab.

import { isTemporary } from "./errors";

const FIRST_MS = 300;
const GROWTH = 1.5;
const LONGEST_MS = 10_000;
/** About eight minutes in all: what has not come by then needs a person, not another request. */
const ATTEMPTS = 55;

/** The pauses before each attempt, in milliseconds. */
export function pauses(): number[] {
  return Array.from({ length: ATTEMPTS }, (_, n) => Math.min(FIRST_MS * GROWTH ** n, LONGEST_MS));
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
  for (const pause of pauses()) {
    await clock.wait(pause, signal);
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

export const browserClock: Clock = {
  wait: (ms, signal) =>
    ended(signal, (done) => {
      setTimeout(done, ms);
    }),
  visible: (signal) =>
    ended(signal, (done) => {
      const look = () => {
        if (!document.hidden) done();
      };
      document.addEventListener("visibilitychange", look, { signal });
      look();
    }),
};

function ended(signal: AbortSignal, start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener(
      "abort",
      () => {
        resolve();
      },
      { once: true },
    );
    start(resolve);
  });
}
