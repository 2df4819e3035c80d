// A blog in memory behind the page's `Api`: events arrive when a test says so.

import type {
  Api,
  Comment,
  CommentDraft,
  Decision,
  Envelope,
  Post,
  PostDraft,
  Read,
  Token,
  WrittenPost,
} from "../src/api";
import { Problem } from "../src/errors";

const TIME = new Date().toISOString();
const NOT_FOUND = () => Promise.reject(new Problem(404, "Not found."));

export class FakeBlog implements Api {
  readonly readable = new Map<string, Post>();
  readonly written: { draft: PostDraft | CommentDraft; key: string; token: string | null }[] = [];
  readonly deleted: string[] = [];
  /** Thrown once each, in order, by the commands to come. */
  readonly failures: Error[] = [];
  /** Null where writing needs none. */
  token: Token | null = null;
  away = false;
  /** How many answers to come are given out by a cache although they are old. */
  stale = 0;
  /** Whether the list is one from before all posts, out of a cache. */
  oldList = false;
  /** Comments beyond the first page of any post. */
  further: Comment[] = [];
  commentsAsked = 0;
  listsAsked = 0;

  arrive(post: WrittenPost, comments: Comment[] = []): void {
    const commentCount = comments.filter(({ status }) => status === "approved").length;
    const nextComments = this.further.length > 0 ? "further" : null;
    this.readable.set(post.id, { ...post, commentCount, comments, nextComments });
  }

  listPosts = () => {
    this.listsAsked += 1;
    if (this.away) return Promise.reject(new Problem(502, "Bad gateway."));
    if (this.oldList) return Promise.resolve({ value: { posts: [], next: null }, stale: true });
    const posts = [...this.readable.values()].map((post) => ({ ...post, excerpt: post.body }));
    return this.read({ posts, next: null });
  };

  getPost = (id: string) => {
    if (this.away) return Promise.reject(new Problem(502, "Bad gateway."));
    const post = this.readable.get(id);
    return post ? this.read(post) : NOT_FOUND();
  };

  listComments = () => {
    if (this.away) return Promise.reject(new Problem(502, "Bad gateway."));
    return this.read({ comments: this.further, next: null });
  };

  getComment = (postId: string, id: string) => {
    this.commentsAsked += 1;
    const comment = this.readable.get(postId)?.comments.find((other) => other.id === id);
    return comment ? this.read(comment) : NOT_FOUND();
  };

  createPost = (draft: PostDraft, { key, token }: Envelope) =>
    this.take(draft, { key, token: token ?? "" }, () => post(`p${this.written.length}`, draft));

  updatePost = (id: string, draft: PostDraft, token: Token) => {
    const version = (this.readable.get(id)?.version ?? 1) + 1;
    return this.take(draft, { key: "", token }, () => post(id, { ...draft, version }));
  };

  deletePost = (id: string) => {
    this.deleted.push(id);
    return Promise.resolve();
  };

  createComment = (postId: string, draft: CommentDraft, { key }: Envelope) =>
    this.take(draft, { key }, () => comment(`c${this.written.length}`, { postId, ...draft }));

  decide = (before: Comment, status: Decision) => {
    const reason = status === "rejected" ? "author" : null;
    return Promise.resolve({ ...before, status, reason, version: before.version + 1 });
  };

  mayWrite = (token: Token) => Promise.resolve(this.token === null || this.token === token);

  private read<T>(value: T): Promise<Read<T>> {
    const stale = this.stale > 0;
    this.stale -= Number(stale);
    return Promise.resolve({ value, stale });
  }

  private take<T>(
    draft: PostDraft | CommentDraft,
    { key, token = null }: { key: string; token?: string | null },
    result: () => T,
  ): Promise<T> {
    this.written.push({ draft, key, token });
    const failure = this.failures.shift();
    return failure ? Promise.reject(failure) : Promise.resolve(result());
  }
}

export function post(id: string, rest: Partial<WrittenPost> = {}): WrittenPost {
  return { id, title: id, body: "", createdAt: TIME, updatedAt: TIME, version: 1, ...rest };
}

export function comment(id: string, rest: Partial<Comment> = {}): Comment {
  const whole = { postId: "p", author: null, content: null, reason: null } as const;
  return { ...whole, id, status: "pending", createdAt: TIME, version: 1, ...rest };
}
