import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  PostgresAdapter,
  type PostgresDialectConfig,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'

/**
 * Kysely's dialect for PostgreSQL, with errors that say what to do.
 *
 * @param translate turns an error of the database into the error to throw
 */
export function postgresDialect(
  config: PostgresDialectConfig,
  translate: (error: unknown) => unknown,
): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new Driver(config, translate),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class Driver extends PostgresDriver {
  readonly #translate: (error: unknown) => unknown
  /** Kysely expects one object for each connection of the pool. */
  readonly #known = new WeakSet<DatabaseConnection>()

  constructor(config: PostgresDialectConfig, translate: (error: unknown) => unknown) {
    super(config)
    this.#translate = translate
  }

  override async acquireConnection(): ReturnType<PostgresDriver['acquireConnection']> {
    try {
      const connection = await super.acquireConnection()
      if (!this.#known.has(connection)) this.#watch(connection)
      return connection
    } catch (error) {
      throw this.#translate(error)
    }
  }

  #watch(connection: DatabaseConnection): void {
    this.#known.add(connection)
    const execute = connection.executeQuery.bind(connection)
    const translate = this.#translate
    connection.executeQuery = async <Row>(query: CompiledQuery): Promise<QueryResult<Row>> => {
      try {
        return await execute<Row>(query)
      } catch (error) {
        throw translate(error)
      }
    }
  }
}
