// What a form says when sending did not work.

import { type ApiError, isTemporary, Problem } from "../errors";
import { texts } from "../texts";

interface Props {
  error: ApiError;
  /** The form's own words for this error, where it knows better. */
  says?: string | null;
  /** The fields that show their faults themselves. */
  fields: readonly string[];
}

export function Failure({ error, says, fields }: Props) {
  return (
    <div className="failure" role="alert">
      <p>{says ?? sentence(error)}</p>
      {strayFaults(error, fields).map((detail) => (
        <p dir="auto" key={detail}>
          {detail}
        </p>
      ))}
      {isTemporary(error) && <button type="submit">{texts.failed.retry}</button>}
    </div>
  );
}

export function sentence(error: ApiError): string {
  if (!(error instanceof Problem) || error.status >= 500) return texts.failed.away;
  if (error.status === 429) return texts.failed.busy;
  if (error.faults.length > 0) return texts.failed.faults;
  return error.detail || texts.failed.other;
}

/** What the server found wrong with `field`. */
export function faultsOf(error: ApiError | null, field: string): string[] {
  if (!(error instanceof Problem)) return [];
  return error.faults.filter((fault) => fault.field === field).map((fault) => fault.detail);
}

/** Faults with no field to stand at. */
function strayFaults(error: ApiError, fields: readonly string[]): string[] {
  if (!(error instanceof Problem)) return [];
  return error.faults.filter((fault) => !fields.includes(fault.field)).map((fault) => fault.detail);
}
