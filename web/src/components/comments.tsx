// The comments of a post, oldest first, this browser's own among them, and where a new one is written.

import { useCallback, useState } from "react";
import type { Comment, Post } from "../api";
import { useServices } from "../services";
import { texts } from "../texts";
import { useComments } from "../use-comments";
import { CommentForm } from "./comment-form";
import { CommentItem } from "./comment-item";
import { Moderation } from "./moderation";
import { More } from "./notice";
import { CommentWatch } from "./watch";

export function Comments({ post }: { post: Post }) {
  const { news } = useServices();
  const list = useComments(post);
  const { read, own, mine, awaited, put, decide, shown } = list;
  const [late, setLate] = useState<readonly string[]>([]);

  const onWritten = useCallback(
    (comment: Comment) => {
      put(comment);
      news.say(texts.comments.pending);
    },
    [put, news],
  );
  const onSettled = useCallback(
    (comment: Comment) => {
      put(comment);
      const { approvedNews, rejectedNews } = texts.comments;
      news.say(comment.status === "approved" ? approvedNews : rejectedNews);
    },
    [put, news],
  );
  const onLate = useCallback((id: string) => {
    setLate((before) => [...before, id]);
  }, []);

  const item = (comment: Comment) => (
    <CommentItem
      key={comment.id}
      comment={comment}
      mine={has(mine, comment)}
      late={late.includes(comment.id)}
      awaited={has(awaited, comment)}
    >
      <Moderation comment={comment} onDecided={decide} />
    </CommentItem>
  );

  return (
    <section className="comments" aria-labelledby="comments">
      <h2 id="comments">
        {texts.comments.heading} {list.count > 0 && <span className="count">{list.count}</span>}
      </h2>
      {read.length + own.length === 0 && <p className="invitation">{texts.comments.none}</p>}
      {read.length > 0 && <ol>{read.map(item)}</ol>}
      <MoreComments list={list} />
      {own.length > 0 && <ol>{own.map(item)}</ol>}
      {mine.filter(isPending).map((comment) => (
        <CommentWatch key={comment.id} comment={comment} onSettled={onSettled} onLate={onLate} />
      ))}
      {awaited.map((comment) => (
        <CommentWatch key={comment.id} comment={comment} onSettled={shown} onLate={onLate} />
      ))}
      <CommentForm postId={post.id} onWritten={onWritten} />
    </section>
  );
}

function MoreComments({ list: { next, error, more } }: { list: ReturnType<typeof useComments> }) {
  if (next === null) return null;
  const failure = error && texts.comments.moreFailed;
  return <More label={texts.comments.more} failure={failure} onMore={() => void more(next)} />;
}

function has(comments: readonly Comment[], { id }: Comment): boolean {
  return comments.some((comment) => comment.id === id);
}

function isPending({ status }: Comment): boolean {
  return status === "pending";
}
