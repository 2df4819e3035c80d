// The ways in which a request to the API can fail, as types that the page can tell apart.

/** One fault in what was sent; `field` is the member's name, taken from a pointer such as `#/title`. */
export interface Fault {
  field: string;
  detail: string;
}

/** The API answered with a problem (RFC 9457); `retryAfter` is in seconds. */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly status: number,
    readonly detail: string,
    readonly faults: readonly Fault[] = [],
    readonly retryAfter: number | null = null,
  ) {
    super(`${status} ${detail}`);
  }
}

/** No answer came, or one that is not the API's. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

export type ApiError = Problem | Unreachable;

export function isApiError(error: unknown): error is ApiError {
  return error instanceof Problem || error instanceof Unreachable;
}

/** What goes away by itself: asking again later makes sense. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  return error instanceof Problem && (error.status >= 500 || error.status === 429);
}

export function isAbsent(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

/** Reads a problem answer; a body that is none (a proxy's page) still gives its status. */
export async function readProblem(answer: Response): Promise<Problem> {
  const body = asRecord(await answer.json().catch(() => null));
  const detail = body.detail ?? body.title;
  return new Problem(
    answer.status,
    typeof detail === "string" ? detail : "",
    Array.isArray(body.errors) ? body.errors.flatMap(readFault) : [],
    readRetryAfter(answer.headers.get("Retry-After")),
  );
}

function readFault(value: unknown): Fault[] {
  const { pointer, detail } = asRecord(value);
  if (typeof pointer !== "string" || typeof detail !== "string") return [];
  return [{ field: fieldOf(pointer), detail }];
}

/** `#/title` → `title`, with JSON Pointer's escapes in a URI fragment undone (RFC 6901, 6). */
function fieldOf(pointer: string): string {
  const name = pointer.replace(/^#?\//, "");
  return safelyDecoded(name).replaceAll("~1", "/").replaceAll("~0", "~");
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readRetryAfter(value: string | null): number | null {
  return value !== null && /^\d+$/.test(value) ? Number(value) : null;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
