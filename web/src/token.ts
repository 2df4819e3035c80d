// The author's token: kept for this tab only, given with the commands that need it.

const NAME = "author-token";

export interface TokenBox {
  get: () => string | null;
  keep: (token: string) => void;
}

export function tokenIn(storage: Storage): TokenBox {
  return {
    get: () => storage.getItem(NAME),
    keep: (token) => {
      storage.setItem(NAME, token);
    },
  };
}
