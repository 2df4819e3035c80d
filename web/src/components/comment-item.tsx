// One comment, as much of it as this reader may see.

import type { Comment } from "../api";
import { texts } from "../texts";
import { Mark } from "./mark";
import { When } from "./when";

interface Props {
  comment: Comment;
  /** Written in this tab: then its text is known even while others may not read it. */
  mine: boolean;
  late: boolean;
}

export function CommentItem({ comment, mine, late }: Props) {
  if (comment.content === null) return <Withheld comment={comment} />;
  return (
    <li className={`comment ${comment.status}`}>
      <p className="meta">
        <strong dir="auto">{comment.author ?? texts.comments.anonymous}</strong>
        <When iso={comment.createdAt} />
        {mine && comment.status !== "approved" && <OwnMark comment={comment} late={late} />}
      </p>
      <p className="text" dir="auto">
        {comment.content}
      </p>
      {comment.status === "rejected" && (
        <p className="hint">
          {texts.comments.reason(comment.reason)} {texts.comments.onlyYou}
        </p>
      )}
      {late && comment.status === "pending" && <p className="hint">{texts.comments.late}</p>}
    </li>
  );
}

function OwnMark({ comment, late }: { comment: Comment; late: boolean }) {
  if (comment.status === "rejected") return <Mark kind="rejected" text={texts.comments.rejected} />;
  return <Mark kind={late ? "late" : "waiting"} text={texts.comments.pending} />;
}

/** A comment of somebody else's that is not, or not yet, for other readers. */
function Withheld({ comment }: { comment: Comment }) {
  const { othersPending, othersRejected, reason } = texts.comments;
  return (
    <li className="comment withheld">
      <p className="meta">
        <span>
          {comment.status === "pending"
            ? othersPending
            : `${othersRejected} ${reason(comment.reason)}`}
        </span>
        <When iso={comment.createdAt} />
      </p>
    </li>
  );
}
