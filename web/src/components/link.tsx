// A link to another of the blog's pages, followed without a load.

import type { ReactNode } from "react";
import { follow } from "../router";

interface Props {
  to: string;
  className?: string;
  children: ReactNode;
}

export function Link({ to, children, ...rest }: Props) {
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
