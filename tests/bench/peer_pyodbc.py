#!/usr/bin/python3
"""pyodbc with the csv module: peer_pyodbc.py CONNECTION-STRING SQL > FILE"""

import csv
import sys

import pyodbc

connection = pyodbc.connect(sys.argv[1], autocommit=True)
connection.setdecoding(pyodbc.SQL_CHAR, encoding="utf-8")
cursor = connection.cursor().execute(sys.argv[2])
with open(1, "w", encoding="utf-8", newline="") as f:
    writer = csv.writer(f)
    writer.writerow(column[0] for column in cursor.description)
    while True:
        rows = cursor.fetchmany(1000)
        if not rows:
            break
        writer.writerows(rows)
