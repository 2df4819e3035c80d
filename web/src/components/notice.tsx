// Pages and lines that say why there is nothing to read.

import { texts } from "../texts";
import { useHead } from "../use-head";

export function NotFound({ onAgain }: { onAgain?: () => void }) {
  const { heading, text, again } = texts.notFound;
  useHead(heading);
  return (
    <section className="notice">
      <h1>{heading}</h1>
      <p>{text}</p>
      {onAgain && <button onClick={onAgain}>{again}</button>}
    </section>
  );
}

export function Away({ onAgain }: { onAgain: () => void }) {
  const { heading, text, again } = texts.away;
  useHead(heading);
  return (
    <section className="notice">
      <h1>{heading}</h1>
      <p>{text}</p>
      <button onClick={onAgain}>{again}</button>
    </section>
  );
}

export function Loading() {
  return (
    <p className="loading" role="status">
      {texts.loading}
    </p>
  );
}

/** A button that brings the next page, and says so when it did not come. */
export function More({ label, failure, onMore }: MoreProps) {
  return (
    <div className="more">
      {failure !== null && <p role="alert">{failure}</p>}
      <button onClick={onMore}>{label}</button>
    </div>
  );
}

interface MoreProps {
  label: string;
  failure: string | null;
  onMore: () => void;
}
