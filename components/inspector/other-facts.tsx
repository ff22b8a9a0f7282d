'use client';

import type { GroupStatus, LineStatus, SwitchStatus } from '../../server/domain/group-status.ts';
import { NOTHING } from '../format/numbers.ts';
import { formatMs } from '../format/time.ts';
import { ObservedBy } from '../live/age.tsx';
import { messages } from '../messages/messages.ts';
import { upWord } from '../topology/derive.ts';
import { UpSign } from '../topology/up-sign.tsx';
import { connectionWord } from '../topology/words.ts';
import { Fact } from '../ui/panel.tsx';
import { Section } from './section.tsx';

const { inspector: text } = messages;

/** Everything known of a line. */
export function LineFactsView({ status, line }: { status: GroupStatus; line: LineStatus }) {
  return (
    <Section>
      <dl>
        <Fact name={text.connection}>{connectionWord(line)}</Fact>
        <Fact name={text.length}>
          <span className="num">{messages.common.km(line.km)}</span>
        </Fact>
        <Fact name={text.rtt}>
          <span className="num">{formatMs(line.rttMs)}</span>
        </Fact>
        <Fact name={text.fault}>{line.fault ?? NOTHING}</Fact>
        <Fact name={text.observed}>
          <ObservedBy
            observer={text.lineObserver(line.ends.join(', '))}
            at={status.observedAt}
            className="whitespace-normal"
          />
        </Fact>
      </dl>
    </Section>
  );
}

/** Everything known of a switching device. */
export function SwitchFactsView({ device }: { device: SwitchStatus }) {
  return (
    <Section>
      <dl>
        <Fact name={text.site}>{messages.topology.site(device.site)}</Fact>
        <Fact name={text.role}>{device.role}</Fact>
        <Fact name={text.standsBefore}>{device.system}</Fact>
        <Fact name={text.process}>
          <UpSign up={upWord(device)} word />
        </Fact>
        <Fact name={text.pid}>
          <span className="num">{device.pid ?? NOTHING}</span>
        </Fact>
        <Fact name={text.observed}>
          <ObservedBy observer={device.observer} at={device.observedAt} className="whitespace-normal" />
        </Fact>
      </dl>
      <p className="text-muted">{text.switchText(device.system)}</p>
    </Section>
  );
}

/** The monitoring host and the register it keeps. */
export function WitnessFactsView({ witness, isGuarded }: { witness: GroupStatus['witness']; isGuarded: boolean }) {
  const { register } = witness;
  return (
    <Section>
      <dl>
        <Fact name={text.process}>
          <UpSign up={upWord(witness)} word />
        </Fact>
        <Fact name={text.register}>
          {register ? text.registerOf(register.state, register.epoch, register.generation) : NOTHING}
        </Fact>
        <Fact name={text.observed}>
          <ObservedBy observer={messages.topology.witness} at={witness.observedAt} className="whitespace-normal" />
        </Fact>
      </dl>
      {register ? <p className="text-muted">{text.registerText[isGuarded ? register.state : 'unguarded']}</p> : null}
    </Section>
  );
}
