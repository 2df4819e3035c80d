// Texts being written, kept with the key that they are sent under until they have been taken.

import type { Keyed } from "./key";
import { kept, type Kept } from "./kept";

export interface Draft<Values> {
  values: Values;
  /** What was tried last, and its key. */
  last: Keyed | null;
  /** Whether the writer has asked to send it: then the page goes on with that, after a reload too. */
  sending: boolean;
  /** When it was changed, in milliseconds since 1970. */
  at: number;
}

export type Drafts = <Values>(name: string) => Kept<Draft<Values>>;

const PREFIX = "draft:";
const KEPT_MS = 30 * 24 * 3600 * 1000;

export function draftsIn(storage: Storage, now: number = Date.now()): Drafts {
  const open: Drafts = (name) => kept(storage, PREFIX + name);
  names(storage)
    .filter((name) => now - (open(name).get()?.at ?? 0) > KEPT_MS)
    .forEach((name) => {
      open(name).set(null);
    });
  return open;
}

function names(storage: Storage): string[] {
  return Array.from({ length: storage.length }, (_, n) => storage.key(n) ?? "")
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length));
}
