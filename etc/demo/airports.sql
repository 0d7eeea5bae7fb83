-- Everything runs on one connection, so temporary tables persist.
CREATE TEMPORARY TABLE busy AS
  SELECT state, count(*) AS airports FROM airport
   WHERE state IS NOT NULL
   GROUP BY state HAVING count(*) >= :at_least;

CREATE TEMPORARY TABLE south AS
  SELECT state, min(latitude) AS latitude FROM airport GROUP BY state;

-- The last result set becomes the file.
SELECT busy.state, busy.airports, airport.name AS southernmost,
       airport.iata, airport.latitude
  FROM busy
  JOIN south ON south.state = busy.state
  JOIN airport ON airport.state = south.state
              AND airport.latitude = south.latitude
 ORDER BY busy.airports DESC, busy.state, airport.iata;
