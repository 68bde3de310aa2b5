import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/traces.css';
import './styles/detail.css';
import './styles/analytics.css';
import { App } from './shell/app';

render(<App />, document.getElementById('app') as HTMLElement);
