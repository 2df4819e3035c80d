// Every word that the page itself says.

export const texts = {
  blogName: "Sleeping Blog",
  tagline: "It sleeps until somebody reads or writes.",
  skip: "Skip to the content",
  feed: "Feed",
  home: "All posts",

  list: {
    heading: "Posts",
    older: "Older posts",
    olderFailed: "The older posts did not come.",
    emptyHeading: "Nothing here yet",
    emptyText: "Every blog starts with one post. Write the first one: a title is enough.",
    comments: (count: number) => (count === 1 ? "1 comment" : `${count} comments`),
    noComments: "No comments yet",
  },

  post: {
    updated: "changed",
    onItsWay: "On its way",
    onItsWayText: "It is saved. Other readers see it in a moment.",
    late: "Taking longer than usual",
    lateText: "It is saved, and other readers will see it once its event has arrived.",
    bodyFailed: "The text could not be laid out, so here it is as it was written.",
  },

  comments: {
    heading: "Comments",
    none: "No comments yet. Yours can be the first.",
    more: "More comments",
    moreFailed: "The other comments did not come.",
    anonymous: "Somebody",
    pending: "Awaiting moderation",
    othersPending: "A comment is awaiting moderation.",
    rejected: "Rejected",
    othersRejected: "A comment was rejected.",
    onlyYou: "Only you still see its text.",
    approvedNews: "Your comment was approved.",
    rejectedNews: "Your comment was rejected.",
    late: "Still awaiting moderation. Look again later; nothing is lost.",
    reason: (category: string | null) => {
      if (category === "word-list") return "It holds a word from the blog’s word list.";
      if (category === "author") return "The blog’s author decided so.";
      return category === null ? "No reason was given." : `The reason is “${category}”.`;
    },
  },

  writePost: {
    open: "Write a post",
    heading: "A new post",
    title: "Title",
    body: "Text",
    bodyHint: "Markdown works: # heading, *emphasis*, [link](https://…), ``` for code.",
    submit: "Publish",
    sending: "Publishing…",
    close: "Close",
    token: "Author’s token",
    tokenNeeded:
      "Only the author may publish here. Give the token to go on; this tab remembers it.",
    tokenWrong: "That token was not taken. Look at it again.",
  },

  writeComment: {
    heading: "Leave a comment",
    content: "Comment",
    author: "Your name (optional)",
    submit: "Send comment",
    sending: "Sending…",
    hint: "It is looked at before others can read it. That takes a moment.",
    postNotArrived: "The post has not reached the comments yet. Try again in a moment.",
    postGone: "This post is gone, so it takes no more comments.",
  },

  failed: {
    away: "The service did not answer. Your text is still here: try again, nothing is sent twice.",
    busy: "The service has too much to do just now. Your text is still here: try again in a moment.",
    faults: "Something is not right yet: look at the marked fields.",
    other: "That did not work.",
    retry: "Try again",
  },

  notFound: {
    heading: "There is nothing here",
    text: "The post may have been deleted, or the address may be wrong. A post that was written just now may still be on its way.",
    again: "Look again",
  },

  away: {
    heading: "The service is away",
    text: "The blog did not answer. It may be waking up, or the connection may be gone.",
    again: "Try again",
  },

  loading: "Loading…",
} as const;
