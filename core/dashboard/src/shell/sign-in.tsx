import { useRef, useState } from 'preact/hooks';
import { Notice } from './notice';

interface Props {
  problem: string | null;
  isBusy: boolean;
  onKey: (key: string, onThisDevice: boolean) => void;
}

/** Asks for a key. */
export function SignIn({ problem, isBusy, onKey }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [onThisDevice, setOnThisDevice] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const key = input.current?.value.trim();
    if (key) onKey(key, onThisDevice);
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit} aria-busy={isBusy}>
        <h1>
          <img src="dashboard/icon.svg" alt="" width="28" height="28" /> libgateway
        </h1>
        <p>Traces and analytics, for whoever has a key that may read them.</p>
        <label for="key">API key</label>
        <input id="key" ref={input} type="password" placeholder="gwk_…" autocomplete="off" spellcheck={false} required autofocus />
        <label class="check">
          <input type="checkbox" checked={onThisDevice} onChange={(event) => setOnThisDevice(event.currentTarget.checked)} />
          Keep the key on this device
        </label>
        <p class="hint">{onThisDevice ? 'Until you sign out.' : 'It is forgotten with this tab.'}</p>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </button>
        {problem && <Notice tone="error">{problem}</Notice>}
      </form>
    </main>
  );
}
