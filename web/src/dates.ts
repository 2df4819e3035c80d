// Dates as the reader's language writes them.

export interface Written {
  text: string;
  /** Time of day included, for who wants to know exactly. */
  exact: string;
  /** The language that the texts are in: not always the page's. */
  language: string;
}

export function writeDate(
  iso: string,
  languages: readonly string[] = navigator.languages,
): Written {
  const day = new Intl.DateTimeFormat(languages.slice(), { dateStyle: "long" });
  const exact = new Intl.DateTimeFormat(languages.slice(), {
    dateStyle: "full",
    timeStyle: "short",
  });
  const date = new Date(iso);
  return {
    text: day.format(date),
    exact: exact.format(date),
    language: day.resolvedOptions().locale,
  };
}
