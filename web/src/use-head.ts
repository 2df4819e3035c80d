// The page's title and description, for the browser's tab, for search engines and for who hears the page.

import { useEffect } from "react";
import { useServices } from "./services";
import { texts } from "./texts";

export function useHead(title: string | null, description: string = texts.description): void {
  const { news } = useServices();
  const full = title === null ? texts.blogName : `${title} · ${texts.blogName}`;
  useEffect(() => {
    if (document.title !== full) news.say(full);
    document.title = full;
    document.querySelector("meta[name=description]")?.setAttribute("content", description);
  }, [news, full, description]);
}

const LENGTH = 160;

/** The beginning of a Markdown text without its marks: good enough for a search engine's few lines. */
export function describe(body: string): string {
  const plain = body
    .replace(/^```.*?^```|^ *(#+|>|[-*+]|\d+\.) |^ *\|?[-:| ]+$|<[^>]*>|!\[.*?\]\(.*?\)/gms, " ")
    .replace(/\[(.*?)\]\(.*?\)/g, "$1")
    .replace(/[*_`|]/g, "")
    .replace(/\s+/g, " ")
    .trim();
  const points = Array.from(plain);
  if (points.length <= LENGTH) return plain || texts.description;
  return `${points
    .slice(0, LENGTH - 1)
    .join("")
    .replace(/\s\S*$/, "")}…`;
}
