interface SketchBoxProps {
  box: { x: number; y: number; width: number; height: number };
  label: string;
  stroke: string;
  strokeWidth: number;
  strokeDasharray: string | undefined;
  fontWeight: number;
  /** Colour of the label. */
  ink: string;
}

/** One system of a sketch: a box with its letter in the middle. */
export function SketchBox({ box, label, stroke, strokeWidth, strokeDasharray, fontWeight, ink }: SketchBoxProps) {
  const { x, y, width, height } = box;
  return (
    <g>
      <rect
        x={x}
        y={y}
        width={width}
        height={height}
        rx="4"
        fill="var(--surface)"
        stroke={stroke}
        strokeWidth={strokeWidth}
        strokeDasharray={strokeDasharray}
      />
      <text
        x={x + width / 2}
        y={y + height / 2 + 5}
        textAnchor="middle"
        fontSize="14"
        fontWeight={fontWeight}
        fill={ink}
      >
        {label}
      </text>
    </g>
  );
}
