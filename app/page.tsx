import type { Metadata } from 'next';
import { FleetScreen } from '../components/fleet/fleet-screen.tsx';
import { messages } from '../components/messages/messages.ts';

export const metadata: Metadata = { title: messages.fleet.title };

export default function FleetPage() {
  return <FleetScreen />;
}
