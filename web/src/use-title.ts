// The title in the browser's tab.

import { useEffect } from "react";
import { texts } from "./texts";

export function useTitle(title: string | null): void {
  useEffect(() => {
    document.title = title === null ? texts.blogName : `${title} · ${texts.blogName}`;
  }, [title]);
}
