// Light or dark, as the reader has chosen; without a choice, as the system has it.

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface ThemeChoice {
  get: () => Theme;
  set: (theme: Theme) => void;
}

/** `public/theme.js` reads the same entry before anything is painted. */
const NAME = "theme";

export function themeIn(storage: Storage, root: HTMLElement): ThemeChoice {
  return {
    get: () => THEMES.find((theme) => theme === storage.getItem(NAME)) ?? "system",
    set: (theme) => {
      if (theme === "system") {
        storage.removeItem(NAME);
        delete root.dataset.theme;
      } else {
        storage.setItem(NAME, theme);
        root.dataset.theme = theme;
      }
    },
  };
}
