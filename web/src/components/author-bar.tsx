// The author's controls at a post.

import { useState } from "react";
import type { WrittenPost } from "../api";
import { isAbsent, isApiError } from "../errors";
import { LIST_PATH, navigate } from "../router";
import { type Services, useServices } from "../services";
import { texts } from "../texts";
import { Confirm } from "./dialog";

interface Props {
  post: WrittenPost;
  editing: boolean;
  onEdit: (editing: boolean) => void;
}

export function AuthorBar({ post, editing, onEdit }: Props) {
  const services = useServices();
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState(false);
  const words = texts.post;
  return (
    <div className="actions" role="group" aria-label={texts.author.signedIn}>
      <button aria-expanded={editing} onClick={() => onEdit(!editing)}>
        {editing ? texts.writePost.close : words.edit}
      </button>
      <button onClick={() => setAsking(true)}>{words.delete}</button>
      {failed && (
        <span className="fault" role="alert">
          {words.deleteFailed}
        </span>
      )}
      <Confirm
        open={asking}
        words={{
          heading: words.deleteHeading,
          text: words.deleteText(post.title),
          confirm: words.deleteConfirm,
          keep: words.deleteKeep,
        }}
        onConfirm={() => {
          setFailed(false);
          void deletePost(services, post.id).then((done) => {
            setFailed(!done);
          });
        }}
        onClose={() => setAsking(false)}
      />
    </div>
  );
}

/** Whether the post is deleted now; then the reader is taken to the list. */
async function deletePost({ api, own, token, drafts, news }: Services, id: string) {
  try {
    await api.deletePost(id, token.get() ?? "");
  } catch (error) {
    if (!isApiError(error)) throw error;
    if (!isAbsent(error)) return false; // an absent one has been deleted already
  }
  own.deleted.put({ id, settled: false });
  own.posts.drop(id);
  own.comments.all().forEach((comment) => {
    if (comment.postId === id) own.comments.drop(comment.id);
  });
  drafts(`post:${id}`).set(null);
  drafts(`comment:${id}`).set(null);
  navigate(LIST_PATH);
  news.say(texts.post.deleted);
  return true;
}
