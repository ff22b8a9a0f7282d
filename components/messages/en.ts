/** Every word the screens say, by screen. What the server observed or refused arrives as sentences of its own. */
import { faults } from './en/faults.ts';
import { fleet } from './en/fleet.ts';
import { history } from './en/history.ts';
import { runbooks } from './en/runbooks.ts';
import { common, shell, states } from './en/shell.ts';
import { inspector, topology } from './en/topology.ts';
import { verdict, wizard } from './en/wizard.ts';

export const en = { common, shell, states, fleet, topology, inspector, wizard, verdict, faults, runbooks, history };
