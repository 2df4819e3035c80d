// The comments of a post, oldest first, this tab's own among them, and where a new one is written.

import { useState } from "react";
import type { Comment, Post } from "../api";
import { texts } from "../texts";
import { useComments } from "../use-comments";
import { CommentForm } from "./comment-form";
import { CommentItem } from "./comment-item";
import { More } from "./notice";
import { CommentWatch } from "./watch";

export function Comments({ post }: { post: Post }) {
  const { read, own, mine, count, next, error, more, add, settle } = useComments(post);
  const [late, setLate] = useState<ReadonlySet<string>>(new Set());
  const [markLate] = useState(() => (id: string) => {
    setLate((before) => new Set([...before, id]));
  });
  const isMine = new Set(mine.map((comment) => comment.id));
  const item = (comment: Comment) => (
    <CommentItem
      key={comment.id}
      comment={comment}
      mine={isMine.has(comment.id)}
      late={late.has(comment.id)}
    />
  );

  return (
    <section className="comments" aria-labelledby="comments">
      <h2 id="comments">
        {texts.comments.heading} {count > 0 && <span className="count">{count}</span>}
      </h2>
      {read.length + own.length === 0 && <p className="invitation">{texts.comments.none}</p>}
      {read.length > 0 && <ol>{read.map(item)}</ol>}
      {next !== null && (
        <More
          label={texts.comments.more}
          failure={error && texts.comments.moreFailed}
          onMore={() => void more(next)}
        />
      )}
      {own.length > 0 && <ol>{own.map(item)}</ol>}
      <p className="unseen" role="status">
        {news(mine.at(-1))}
      </p>
      {mine
        .filter((comment) => comment.status === "pending")
        .map(({ id }) => (
          <CommentWatch key={id} postId={post.id} id={id} onSettled={settle} onLate={markLate} />
        ))}
      <CommentForm postId={post.id} onWritten={add} />
    </section>
  );
}

/** For who hears the page: what has become of the comment written last. */
function news(comment: Comment | undefined): string {
  if (comment === undefined) return "";
  const { pending, approvedNews, rejectedNews } = texts.comments;
  return { pending, approved: approvedNews, rejected: rejectedNews }[comment.status];
}
