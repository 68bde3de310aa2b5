// Signed out, or signed in with something to look at.
import { useCallback, useEffect, useState } from 'preact/hooks';
import { explain, isKeyUseless } from '../api/client';
import { type Session, forget, keep, kept, signIn } from '../api/sign-in';
import { Analytics } from '../analytics/analytics';
import { Detail } from '../detail/detail';
import { Traces } from '../traces/traces';
import { useTraces } from '../traces/use-traces';
import { Filters } from './filters';
import { Header } from './header';
import { useRoute, useTick } from './hooks';
import { SignIn } from './sign-in';
import { useTheme } from './theme';

export function App() {
  const [session, setSession] = useState<Session | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(() => kept() !== null);
  const [theme, toggleTheme] = useTheme();

  // A reload goes on with the key that was kept.
  useEffect(() => {
    const key = kept();
    if (key) enter(key, null);
  }, []);

  const enter = (key: string, onThisDevice: boolean | null) => {
    setBusy(true);
    setProblem(null);
    signIn(key).then(
      (session) => {
        if (onThisDevice !== null) keep(key, onThisDevice);
        setSession(session);
        setBusy(false);
      },
      (error: unknown) => {
        if (isKeyUseless(error)) forget();
        setProblem(explain(error));
        setBusy(false);
      },
    );
  };
  const leave = useCallback((why: string | null) => {
    forget();
    setSession(null);
    setProblem(why);
  }, []);

  if (!session) return <SignIn problem={problem} isBusy={isBusy} onKey={enter} />;
  return <Board session={session} theme={theme} onTheme={toggleTheme} onLeave={leave} />;
}

interface BoardProps {
  session: Session;
  theme: 'dark' | 'light';
  onTheme: () => void;
  onLeave: (why: string | null) => void;
}

function Board({ session, theme, onTheme, onLeave }: BoardProps) {
  const [route, change] = useRoute();
  const [tick, refresh] = useTick();
  const tenant = session.tenants ? route.tenant : null;
  const isOfAll = session.tenants !== null && tenant === null;
  const credentials = { key: session.key, tenant };
  const traces = useTraces(credentials, route, tick, route.view === 'traces');

  const onError = useCallback((error: unknown) => {
    if (isKeyUseless(error)) onLeave(explain(error));
  }, [onLeave]);
  useEffect(() => onError(traces.error), [traces.error, onError]);

  return (
    <div class="board">
      <Header
        route={route}
        tenant={tenant}
        tenants={session.tenants}
        theme={theme}
        onChange={change}
        onRefresh={refresh}
        onTheme={onTheme}
        onLeave={() => onLeave(null)}
      />
      <main>
        <Filters credentials={credentials} route={route} onChange={change} />
        {route.view === 'traces' ? (
          <Traces list={traces} isOfAll={isOfAll} open={route.trace} onOpen={(trace) => change({ trace })} />
        ) : (
          <Analytics
            credentials={credentials}
            isOperator={session.tenants !== null}
            route={route}
            tick={tick}
            theme={theme}
            onError={onError}
            onChange={change}
          />
        )}
      </main>
      {route.trace && (
        <Detail
          key={tenant}
          credentials={credentials}
          id={route.trace}
          traces={route.view === 'traces' ? traces : null}
          onOpen={(trace) => change({ trace })}
          onClose={() => change({ trace: null })}
        />
      )}
    </div>
  );
}
