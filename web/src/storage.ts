// The browser's storages, or a stand-in that lasts until reload where the browser allows none.

export function browserStorage(kind: "localStorage" | "sessionStorage"): Storage {
  try {
    window[kind].setItem("probe", "");
    window[kind].removeItem("probe");
    return window[kind];
  } catch {
    return memoryStorage();
  }
}

export function memoryStorage(): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (n) => [...items.keys()][n] ?? null,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => {
      items.set(name, value);
    },
    removeItem: (name) => {
      items.delete(name);
    },
    clear: () => {
      items.clear();
    },
  };
}
