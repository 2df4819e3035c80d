// The contract's limits, told while somebody types; the API has the last word.

import { texts } from "./texts";

export const LIMITS = { title: 200, bodyBytes: 64 * 1024, content: 5_000, author: 80 } as const;

/** What is wrong, by field; a field that is right has no entry. */
export type Faults = Readonly<Record<string, string>>;

/** `whole` also asks for what must not be missing: somebody who has just begun need not hear that. */
export function postFaults({ title, body }: { title: string; body: string }, whole: boolean) {
  return found({
    title: unstorable(title) ?? blank(title, whole) ?? tooLong(trimmed(title), LIMITS.title),
    body: unstorable(body) ?? tooManyBytes(body),
  });
}

export function commentFaults(
  { content, author }: { content: string; author: string },
  whole: boolean,
) {
  return found({
    content: unstorable(content) ?? blank(content, whole) ?? tooLong(content, LIMITS.content),
    author: unstorable(author) ?? tooLong(trimmed(author), LIMITS.author),
  });
}

function found(faults: Record<string, string | null>): Faults {
  return Object.fromEntries(
    Object.entries(faults).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** The API trims as Python does: U+FEFF is text there, and the separators U+001C–1F and U+0085 are not. */
const SPACE =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const ENDS = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");

export function trimmed(text: string): string {
  return text.replace(ENDS, "");
}

function blank(text: string, whole: boolean): string | null {
  return whole && trimmed(text) === "" ? texts.faults.missing : null;
}

/** Code points, as the API counts: an emoji of several is several. */
function tooLong(text: string, most: number): string | null {
  // A text has at most as many code points as UTF-16 units, so most need not be walked through.
  const over = text.length > most ? Array.from(text).length - most : 0;
  return over > 0 ? texts.faults.tooLong(over, most) : null;
}

function tooManyBytes(text: string): string | null {
  const over = new TextEncoder().encode(text).length - LIMITS.bodyBytes;
  return over > 0 ? texts.faults.tooManyBytes(over) : null;
}

/** NUL, and halves of a surrogate pair; with the flag `u` whole pairs do not match. */
function unstorable(text: string): string | null {
  return /[\0\ud800-\udfff]/u.test(text) ? texts.faults.unstorable : null;
}
