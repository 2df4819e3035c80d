// A post in the list.

import { useCallback, useState } from "react";
import type { ListedPost, WrittenPost } from "../api";
import { postPath } from "../router";
import { texts } from "../texts";
import { Link } from "./link";
import { Mark } from "./mark";
import { PostWatch } from "./watch";
import { When } from "./when";

export function PostCard({ post }: { post: ListedPost }) {
  const { comments, noComments } = texts.list;
  return (
    <article className="card">
      <CardTitle post={post} />
      {post.excerpt && <p dir="auto">{post.excerpt}</p>}
      <p className="meta">
        <When iso={post.createdAt} />
        <span>{post.commentCount === 0 ? noComments : comments(post.commentCount)}</span>
      </p>
    </article>
  );
}

interface OwnProps {
  post: WrittenPost;
  onArrived: (post: WrittenPost) => void;
}

/** A post that this tab has written and the read model does not show yet. */
export function OwnPostCard({ post, onArrived }: OwnProps) {
  const [late, setLate] = useState(false);
  const onLate = useCallback(() => {
    setLate(true);
  }, []);
  const { onItsWay, onItsWayText, late: lateMark, lateText } = texts.post;
  return (
    <article className="card own">
      <CardTitle post={post} />
      <p className="meta" role="status">
        <Mark kind={late ? "late" : "waiting"} text={late ? lateMark : onItsWay} />
        <span>{late ? lateText : onItsWayText}</span>
      </p>
      <PostWatch id={post.id} onArrived={onArrived} onLate={onLate} />
    </article>
  );
}

function CardTitle({ post }: { post: { id: string; title: string } }) {
  return (
    <h2 dir="auto">
      <Link to={postPath(post.id)}>{post.title}</Link>
    </h2>
  );
}
