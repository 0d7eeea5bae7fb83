#!/usr/bin/perl
# Perl's DBI with Text::CSV_XS: peer.pl CONNECTION-STRING SQL > FILE
use strict;
use warnings;
use DBI;
use Text::CSV_XS;

my ($connection, $sql) = @ARGV;
my $dbh = DBI->connect("dbi:ODBC:$connection", undef, undef,
    { RaiseError => 1, PrintError => 0, LongReadLen => 4000000,
      LongTruncOk => 1, odbc_utf8_on => 0 });
my $sth = $dbh->prepare($sql);
my $csv = Text::CSV_XS->new({ binary => 1, eol => "\r\n" });
$sth->execute;
binmode STDOUT;
$csv->print(\*STDOUT, $sth->{NAME});
while (my $row = $sth->fetchrow_arrayref) {
	$csv->print(\*STDOUT, $row);
}
close STDOUT or die "$!";
