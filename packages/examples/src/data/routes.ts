interface Route {
  /** Index of an airport. */
  readonly from: number;
  readonly to: number;
  /** Flights in the year. */
  readonly flights: number;
}

interface Airport {
  readonly iata: string;
  readonly name: string;
}

/** The airports that a route touches, and the routes between them. */
export interface Network {
  readonly airports: readonly Airport[];
  readonly routes: readonly Route[];
  /** Names of all airports, also of those that no route touches, by IATA code. */
  readonly names: ReadonlyMap<string, string>;
}

type Row = Readonly<Record<string, string>>;

/** The network that rows of `airports.csv` and `flights-airport.csv` describe. */
export function networkOf(airportRows: readonly Row[], routeRows: readonly Row[]): Network {
  const names = new Map(airportRows.map((row) => [row.iata ?? '', `${row.name}, ${row.state}`]));
  const indexOf = new Map<string, number>();
  const index = (iata: string): number => {
    const known = indexOf.get(iata);
    if (known !== undefined) return known;
    indexOf.set(iata, indexOf.size);
    return indexOf.size - 1;
  };
  const routes = routeRows.map((row) => ({
    from: index(row.origin ?? ''),
    to: index(row.destination ?? ''),
    flights: Number(row.count),
  }));
  const airports = [...indexOf.keys()].map((iata) => ({ iata, name: names.get(iata) ?? iata }));
  return { airports, routes, names };
}
