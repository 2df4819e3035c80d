// One value kept in a browser's storage, which may be full, forbidden or written by an older page.

export interface Kept<T> {
  get: () => T | null;
  /** Null forgets. */
  set: (value: T | null) => void;
}

export function kept<T>(storage: Storage, name: string): Kept<T> {
  return {
    get: () => {
      try {
        return JSON.parse(storage.getItem(name) ?? "null") as T | null;
      } catch {
        return null; // written by hand or cut short: as good as nothing
      }
    },
    set: (value) => {
      try {
        if (value === null) storage.removeItem(name);
        else storage.setItem(name, JSON.stringify(value));
      } catch {
        // A full storage costs what a reload would find, never what is on the page.
      }
    },
  };
}
