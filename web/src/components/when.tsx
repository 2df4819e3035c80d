// A date for people, with the exact time for whoever points at it and for machines.

import { writeDate } from "../dates";

export function When({ iso }: { iso: string }) {
  const { text, exact, language } = writeDate(iso);
  return (
    <time dateTime={iso} title={exact} lang={language}>
      {text}
    </time>
  );
}
