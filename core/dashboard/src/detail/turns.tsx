import type { Part, Turn } from './conversation';

/** The conversation. Everything in it is text: nothing that a model or a caller wrote becomes part of the page. */
export function Turns({ turns, side }: { turns: Turn[]; side: 'request' | 'response' }) {
  return (
    <ol class="turns">
      {turns.map((turn, index) => (
        <li key={index} class={`turn ${side} ${turn.role}`}>
          <header>{turn.role || side}{turn.note && <small> {turn.note}</small>}</header>
          {turn.parts.map((part, place) => <PartView key={place} part={part} />)}
        </li>
      ))}
    </ol>
  );
}

function PartView({ part }: { part: Part }) {
  switch (part.kind) {
    case 'text':
      return <p class="text">{part.text}</p>;
    case 'media':
      return <p class="media"><span>{part.label}</span> {part.note}</p>;
    case 'tool call':
    case 'tool result':
      return <div class="tool"><header>{part.kind} <code>{part.name}</code></header><pre>{part.text}</pre></div>;
    case 'reasoning':
      return <details class="reasoning"><summary>Reasoning</summary><p class="text">{part.text}</p></details>;
    case 'refusal':
      return <p class="text refusal">Refused: {part.text}</p>;
    case 'other':
      return <pre>{part.text}</pre>;
  }
}
