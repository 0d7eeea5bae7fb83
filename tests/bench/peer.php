<?php
// PHP's odbc functions with fputcsv: php peer.php CONNECTION-STRING SQL > FILE
ini_set('odbc.defaultlrl', '4000000');
ini_set('memory_limit', '-1');
$link = odbc_connect($argv[1], '', '');
$result = odbc_exec($link, $argv[2]);
odbc_longreadlen($result, 4000000);
odbc_binmode($result, ODBC_BINMODE_RETURN);
$out = fopen('php://stdout', 'w');
$names = [];
for ($i = 1; $i <= odbc_num_fields($result); $i++)
	$names[] = odbc_field_name($result, $i);
fputcsv($out, $names, ',', '"', '');
while (odbc_fetch_into($result, $row))
	fputcsv($out, $row, ',', '"', '');
