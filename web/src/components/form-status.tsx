// What a form says while it is tried again, and when it was refused.

import type { ReactNode } from "react";
import { type ApiError, Problem } from "../errors";
import type { FormState } from "../form";
import { texts } from "../texts";

interface Props {
  view: Pick<FormState<object>, "phase" | "error" | "values"> & {
    form: { tryNow: () => void; stop: () => void };
  };
  /** The form's own words for an error, where it knows better. */
  says?: ((error: ApiError) => ReactNode) | undefined;
}

export function FormStatus({ view, says }: Props) {
  if (view.phase === "waiting") return <Waiting view={view} />;
  if (view.error === null) return null;
  return (
    <div className="failure" role="alert">
      <p>{says?.(view.error) ?? sentence(view.error)}</p>
      {strayFaults(view.error, view.values).map((detail) => (
        <p dir="auto" key={detail}>
          {detail}
        </p>
      ))}
    </div>
  );
}

function Waiting({ view: { error, form } }: Props) {
  const busy = error instanceof Problem && error.status === 429;
  return (
    <div className="failure waiting" role="status">
      <p>{busy ? texts.failed.busy : texts.failed.waiting}</p>
      <p className="actions">
        <button type="button" onClick={form.tryNow}>
          {texts.failed.tryNow}
        </button>
        <button type="button" onClick={form.stop}>
          {texts.failed.stop}
        </button>
      </p>
    </div>
  );
}

export function sentence(error: ApiError): string {
  if (!(error instanceof Problem) || error.status >= 500 || error.status === 429) {
    return texts.failed.away;
  }
  if (error.faults.length > 0) return texts.failed.faults;
  return error.detail || texts.failed.other;
}

/** Faults with no field to stand at. */
function strayFaults(error: ApiError, values: object): string[] {
  if (!(error instanceof Problem)) return [];
  return error.faults.filter(({ field }) => !(field in values)).map(({ detail }) => detail);
}
