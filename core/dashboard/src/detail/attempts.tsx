import type { Attempt } from '../api/types';
import { NONE, millis, words } from '../format/text';

/** Whom the gateway asked, in order. */
export function Attempts({ attempts }: { attempts: Attempt[] }) {
  return (
    <section>
      <h3>Attempts</h3>
      <table class="attempts">
        <thead><tr><th scope="col">#</th><th scope="col">Provider</th><th scope="col">Result</th><th scope="col">Took</th><th scope="col">After</th></tr></thead>
        <tbody>
          {attempts.map((attempt, index) => (
            <tr key={index}>
              <td>{index + 1}</td>
              <td>{attempt.provider}</td>
              <td>{[attempt.status_code, attempt.error_code && words(attempt.error_code)].filter(Boolean).join(' ') || NONE}</td>
              <td>{millis(attempt.duration_ms)}</td>
              <td>{attempt.delay_ms > 0 ? millis(attempt.delay_ms) : NONE}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
