// Dark or light: as the system has it, until somebody chooses.
import { useEffect, useState } from 'preact/hooks';
import { useMedia } from './hooks';

export type Theme = 'dark' | 'light';

const STORED = 'libgateway.theme';

export function useTheme(): [Theme, () => void] {
  const isSystemDark = useMedia('(prefers-color-scheme: dark)');
  const [chosen, setChosen] = useState(() => localStorage.getItem(STORED) as Theme | null);
  const theme = chosen ?? (isSystemDark ? 'dark' : 'light');
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  const toggle = () => {
    const next = theme === 'dark' ? 'light' : 'dark';
    localStorage.setItem(STORED, next);
    // Before anything is drawn with it: charts take their colours from the page.
    document.documentElement.dataset['theme'] = next;
    setChosen(next);
  };
  return [theme, toggle];
}
