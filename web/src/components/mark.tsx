// A small mark for the state of a post or a comment.

interface Props {
  kind: "waiting" | "late" | "rejected";
  text: string;
}

export function Mark({ kind, text }: Props) {
  return <span className={`mark ${kind}`}>{text}</span>;
}
