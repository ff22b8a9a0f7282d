export default function HomePage() {
  return <h1>Switchback</h1>;
}
