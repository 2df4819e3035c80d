// Whether the author sits at this tab, and the token that says so to the API.

/** The answer of `get` where writing needs no token: signed in all the same. */
export const OPEN = "";

export interface TokenBox {
  /** Null while nobody is signed in. */
  get: () => string | null;
  /** Null signs out. */
  set: (token: string | null) => void;
  /** Calls `look` after each change, until what it gives is called. */
  listen: (look: () => void) => () => void;
}

const NAME = "author-token";

/** `storage` should be the tab's: a token that outlives it would lie around on shared machines. */
export function tokenIn(storage: Storage): TokenBox {
  const listeners = new Set<() => void>();
  return {
    get: () => storage.getItem(NAME),
    set: (token) => {
      if (token === null) storage.removeItem(NAME);
      else storage.setItem(NAME, token);
      listeners.forEach((look) => {
        look();
      });
    },
    listen: (look) => {
      listeners.add(look);
      return () => listeners.delete(look);
    },
  };
}
