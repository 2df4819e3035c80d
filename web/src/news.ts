// What a screen reader says of things that happen by themselves.

export interface News {
  say: (text: string) => void;
  last: () => string;
  listen: (look: () => void) => () => void;
}

export function createNews(): News {
  let text = "";
  const listeners = new Set<() => void>();
  return {
    say: (next) => {
      // The same words again would be no change, and so would not be read out.
      text = next === text ? `${next}\u00a0` : next;
      listeners.forEach((look) => {
        look();
      });
    },
    last: () => text,
    listen: (look) => {
      listeners.add(look);
      return () => listeners.delete(look);
    },
  };
}
