// The code that lays out Markdown: fetched beside the post, not before the list.

import { useEffect, useState } from "react";

type Render = typeof import("./markdown").renderMarkdown;

/** Null while it is on its way; `failed` when it did not come. */
export type Markdown = Render | "failed" | null;

export function useMarkdown(): Markdown {
  const [markdown, setMarkdown] = useState<Markdown>(null);
  useEffect(() => {
    import("./markdown").then(
      (module) => {
        setMarkdown(() => module.renderMarkdown);
      },
      () => {
        setMarkdown("failed");
      },
    );
  }, []);
  return markdown;
}
