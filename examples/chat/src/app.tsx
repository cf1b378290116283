import type { Client } from 'gateway-client';
import { GatewayProvider } from 'gateway-client/react';
import { type FormEvent, useState } from 'react';
import { Chat } from './chat.js';
import { clientOf } from './client.js';

const NAME_MAX = 32;

/** Who one is, then the chat. The name is kept for this tab, so that a reload asks nothing. */
export function App() {
  const [me, setMe] = useState<{ name: string; client: Client } | undefined>(() => {
    const name = new URLSearchParams(location.search).get('name') ?? sessionStorage.getItem('name');
    return name ? { name, client: clientOf(name) } : undefined;
  });
  if (me === undefined) {
    const enter = (name: string) => {
      sessionStorage.setItem('name', name);
      setMe({ name, client: clientOf(name) });
    };
    return <Welcome enter={enter} />;
  }
  return (
    <GatewayProvider client={me.client}>
      <Chat name={me.name} />
    </GatewayProvider>
  );
}

function Welcome({ enter }: { enter: (name: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name')).trim();
    if (name !== '') enter(name);
  };
  return (
    <main className="welcome">
      <form className="card" onSubmit={submit}>
        <h1>Join the conversation</h1>
        <p>Open this page in two windows to talk to yourself.</p>
        <label htmlFor="name">Your name</label>
        {/* biome-ignore lint/a11y/noAutofocus: the page has nothing else. */}
        <input id="name" name="name" maxLength={NAME_MAX} autoComplete="nickname" required autoFocus />
        <button type="submit" className="primary">
          Enter
        </button>
      </form>
    </main>
  );
}
