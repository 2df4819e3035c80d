// Sending one thing until it is taken or refused for good, however often the service is away.

import { type ApiError, isTemporary, Problem } from "./errors";

/** Half a minute at `Retry-After: 1`: a post whose event takes longer is late, and the writer hears it. */
const TRIES_FOR_POST = 30;
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** Waits; what `cut` returns is called to end the wait early. */
export type Wait = (ms: number, cut: AbortSignal) => Promise<void>;

export const wait: Wait = (ms, cut) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    cut.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** Sending that is under way: it can be hurried or given up. */
export class Attempt {
  private cut = new AbortController();
  private stopped = false;

  constructor(
    private readonly onWaiting: (error: ApiError) => void,
    private readonly pause: Wait = wait,
  ) {}

  /** Rejects with an `ApiError`: the last one, when it was stopped. */
  async run<Result>(send: () => Promise<Result>): Promise<Result> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await send();
      } catch (error) {
        const ms = pauseAfter(error, failures);
        if (ms === null || this.isStopped()) throw error;
        if (isTemporary(error)) this.onWaiting(error as ApiError);
        await this.pause(ms, this.cut.signal);
        this.cut = new AbortController();
        if (this.isStopped()) throw error;
      }
    }
  }

  /** Asked anew each time: it changes while sending and waiting go on. */
  private isStopped(): boolean {
    return this.stopped;
  }

  hurry(): void {
    this.cut.abort();
  }

  stop(): void {
    this.stopped = true;
    this.cut.abort();
  }
}

/** Milliseconds until it makes sense to send again; null when it makes none. */
export function pauseAfter(error: unknown, failures: number): number | null {
  const seconds = notYet(error);
  if (seconds !== null) return failures < TRIES_FOR_POST - 1 ? seconds * 1000 : null;
  if (!isTemporary(error)) return null;
  const asked = error instanceof Problem ? (error.retryAfter ?? 0) * 1000 : 0;
  return Math.max(asked, Math.min(FIRST_MS * 2 ** failures, LONGEST_MS));
}

/** Whether the API says "not yet" (a 404 with `Retry-After`), and for how many seconds. */
export function notYet(error: unknown): number | null {
  return error instanceof Problem && error.status === 404 ? error.retryAfter : null;
}
