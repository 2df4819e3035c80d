// Where the author signs in and out.

import { useServices, useToken } from "../services";
import { texts } from "../texts";
import { useSignIn } from "./sign-in";

const nothing = () => undefined;

export function AuthorButton() {
  const { token, news } = useServices();
  const signedIn = useToken() !== null;
  const { begin, dialog } = useSignIn(nothing);
  const signOut = () => {
    token.set(null);
    news.say(texts.author.signedOut);
  };
  return (
    <>
      <button className="quiet" onClick={signedIn ? signOut : begin}>
        {signedIn ? texts.author.signOut : texts.author.signIn}
      </button>
      {dialog}
    </>
  );
}
