// One comment, as much of it as this reader may see.

import type { ReactNode } from "react";
import type { Comment } from "../api";
import { texts } from "../texts";
import { Mark } from "./mark";
import { When } from "./when";

export interface CommentState {
  /** Written in this browser: then its text is known even while others may not read it. */
  mine: boolean;
  /** Whether moderation takes longer than usual. */
  late: boolean;
  /** Whether the author's decision is not to be read everywhere yet. */
  awaited: boolean;
}

interface Props extends CommentState {
  comment: Comment;
  /** The author's controls, if the author is signed in. */
  children: ReactNode;
}

export function CommentItem({ comment, children, ...state }: Props) {
  const hidden = comment.content === null;
  return (
    <li className={`comment ${hidden ? "withheld" : comment.status}`}>
      <p className="meta">
        {hidden ? <span>{withheld(comment)}</span> : <Name comment={comment} />}
        <When iso={comment.createdAt} />
        <StateMark comment={comment} {...state} />
        {children}
      </p>
      {!hidden && (
        <p className="text" dir="auto">
          {comment.content}
        </p>
      )}
      <Hint comment={comment} {...state} />
    </li>
  );
}

function Name({ comment }: { comment: Comment }) {
  return <strong dir="auto">{nameOf(comment)}</strong>;
}

export function nameOf({ author }: Comment): string {
  return author ?? texts.comments.anonymous;
}

function StateMark({ comment, mine, late, awaited }: CommentState & { comment: Comment }) {
  const { pending, rejected, approving, rejecting } = texts.comments;
  if (awaited) {
    return <Mark kind="waiting" text={comment.status === "approved" ? approving : rejecting} />;
  }
  if (!mine || comment.status === "approved") return null;
  if (comment.status === "rejected") return <Mark kind="rejected" text={rejected} />;
  return <Mark kind={late ? "late" : "waiting"} text={pending} />;
}

function Hint({ comment, mine, late }: CommentState & { comment: Comment }) {
  const { reason, onlyYou, late: lateText } = texts.comments;
  if (!mine || comment.content === null) return null;
  if (comment.status === "rejected") {
    return (
      <p className="hint">
        {reason(comment.reason)} {onlyYou}
      </p>
    );
  }
  return late && comment.status === "pending" ? <p className="hint">{lateText}</p> : null;
}

/** What is said of a comment of somebody else's that is not, or not yet, for other readers. */
function withheld(comment: Comment): string {
  const { othersPending, othersRejected, reason } = texts.comments;
  if (comment.status === "pending") return othersPending;
  return `${othersRejected} ${reason(comment.reason)}`;
}
