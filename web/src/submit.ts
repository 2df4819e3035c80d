// Sending one thing: the same key for each retry, and patience with a post that has not arrived yet.

import { Problem } from "./errors";
import { type Keyed, keyFor } from "./key";

/** Half a minute at `Retry-After: 1`: an event that takes longer is late, and the writer hears it. */
const TRIES = 30;

export type Wait = (ms: number) => Promise<void>;

const wait: Wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Remembers what was tried last, so that a retry of the same text goes under the same key. */
export class Sender<Draft extends object, Result> {
  private last: Keyed | null = null;

  constructor(
    private readonly send: (draft: Draft, key: string) => Promise<Result>,
    private readonly pause: Wait = wait,
  ) {}

  /** Rejects with an `ApiError`; sending the same draft again is then safe. */
  async submit(draft: Draft): Promise<Result> {
    const { key } = (this.last = keyFor(JSON.stringify(draft), this.last));
    const result = await patiently(() => this.send(draft, key), this.pause);
    this.last = null;
    return result;
  }
}

/** A 404 with `Retry-After` means that the post is on its way to where comments are taken. */
async function patiently<T>(send: () => Promise<T>, pause: Wait): Promise<T> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await send();
    } catch (error) {
      const seconds = notYet(error);
      if (seconds === null || left === 0) throw error;
      await pause(seconds * 1000);
    }
  }
}

/** Whether the API says "not yet", and for how many seconds; null for any other error. */
export function notYet(error: unknown): number | null {
  return error instanceof Problem && error.status === 404 ? error.retryAfter : null;
}
