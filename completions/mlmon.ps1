# Completes mlmon in PowerShell. Written by `mlmon completion powershell`; commands and options are in here, and only
# the names of services, collections, workspaces and queries are asked of mlmon, which reads them from local files.
# No word is ever evaluated: names are data, and are inserted in single quotes where they need it.

Register-ArgumentCompleter -Native -CommandName mlmon -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The options and arguments of each command, in order, and of mlmon itself under ''.
    $commands = [ordered]@{
        '' = @{
            help = ''
            options = @(
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--version flag once Print the version'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @()
        }
        'demo' = @{
            help = 'Make an embedded workspace with real services and history, and walk through the main job'
            options = @(
              '--force flag once Make a demo that is there anew; everything in its folder is replaced'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('folders once')
        }
        'init' = @{
            help = 'Connect this folder to a workspace; writes mlmon.toml'
            options = @(
              '--local folders once An embedded workspace in this folder, made when it is not there'
              '--config files once Azure ML''s own config.json, which names one'
              '--subscription text once The subscription of the workspace'
              '--resource-group text once Its resource group'
              '--name text once Its name'
              '--check flag once Only say for each plane whether this identity may read it'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @()
        }
        'use' = @{
            help = 'Choose the default service of this folder'
            options = @(
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'status' = @{
            help = 'Show services: their switches, newest collected data, and requests of the last day'
            options = @(
              '--settings flag once Show each setting and where its value came from, and nothing else'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services many')
        }
        'serve' = @{
            help = 'Serve a scoring script on this machine, as Azure ML would'
            options = @(
              '--name text once Its service name: NAME, or ENDPOINT/DEPLOYMENT'
              '--kind =v1,v2 once v1 web service or v2 deployment'
              '--model files once The model file or folder'
              '--port text once Port on 127.0.0.1; 0 takes any free one'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('files once')
        }
        'invoke' = @{
            help = 'Send rows to a service and print its answer'
            options = @(
              '--data files once JSON to send, like {"data": [[...], ...]}; - reads stdin'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'enable-collection' = @{
            help = 'Collect the model data of a service'
            options = @(
              '--collection collections many Only this collection or designation; repeatable'
              '--sampling-rate text once Share of requests to collect, from 0 to 1 (v2)'
              '--all flag once Every service of the workspace; one that can never do it is skipped'
              '--dry-run flag once Show what would change and change nothing'
              '--yes,-y flag once Change without asking'
              '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'disable-collection' = @{
            help = 'Stop collecting the model data of a service; what was collected stays'
            options = @(
              '--collection collections many Only this collection or designation; repeatable'
              '--all flag once Every service of the workspace; one that can never do it is skipped'
              '--dry-run flag once Show what would change and change nothing'
              '--yes,-y flag once Change without asking'
              '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'enable-insights' = @{
            help = 'Send requests, traces and exceptions of a service to Application Insights'
            options = @(
              '--all flag once Every service of the workspace; one that can never do it is skipped'
              '--dry-run flag once Show what would change and change nothing'
              '--yes,-y flag once Change without asking'
              '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'disable-insights' = @{
            help = 'Stop sending telemetry of a service to Application Insights; what was sent stays'
            options = @(
              '--all flag once Every service of the workspace; one that can never do it is skipped'
              '--dry-run flag once Show what would change and change nothing'
              '--yes,-y flag once Change without asking'
              '--no-wait flag once Begin the change and do not wait until it is done; mlmon status shows that'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'logs' = @{
            help = 'Show the last records of a service''s container log, and with -f what comes after'
            options = @(
              '--all flag once The logs of all services'
              '--tail,-n text once The last N records of each service'
              '--follow,-f flag once Then show what comes, until Ctrl-C or for as long as --for says'
              '--for text once With -f: end after this time (90s, 10m, 8h)'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--level =debug,info,warning,error,critical once Only records of this level and above'
              '--include,-i text many Only records this regular expression finds; repeatable'
              '--exclude,-e text many No records this regular expression finds; repeatable'
              '--highlight,-H text many Mark what this finds, where there is colour; repeatable'
              '--container text once Another container''s log'
              '--raw flag once The lines as they are, with what would act on a terminal: each one by itself, -n counts lines, and no service''s name stands before them'
              '--replay flag once The arguments are files: snapshots of one log, saved one after the other; -f would show this'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services many')
        }
        'traces' = @{
            help = 'Show what a service traced: the lines its script printed, newest first'
            options = @(
              '--where text many Only traces whose message or payload contains TEXT; repeatable'
              '--filter text many Only traces of which this is true: = != ~ (a regular expression) < <= > >= of a column, of message (what was printed) or of a path: customDimensions."Request Id", message.input.0; repeatable'
              '--failed flag once Only errors, and traces of failed requests as far as they are tied to them'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--limit,-n text once The newest N'
              '--show text once One trace in full, by the id that its row has; no service is needed'
              '--kql text once KQL to append'
              '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
              '--as-stored flag once The rows as they are stored: nothing corrected, nothing marked'
              '--raw flag once The lines as they are, what would act on a terminal included'
              '--print-kql flag once Print the query instead of running it'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'query' = @{
            help = 'Run any KQL query over the workspace''s telemetry'
            options = @(
              '--file,-f files once Read the query from a file; - is stdin'
              '--var text many Give the query a value by name, as a literal: a number, true, 7d, an ISO date, else text; in double quotes always text'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
              '--print-kql flag once Print the query instead of running it'
              '--saved queries once Run a saved query, or one of mlmon''s'
              '--save text once Save the query in queries/NAME.kql beside mlmon.toml instead of running it'
              '--list flag once Show the saved queries and mlmon''s own'
              '--delete queries once Delete a saved query'
              '--yes,-y flag once Change without asking'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('text once')
        }
        'metrics' = @{
            help = 'Show requests, latency, failures, calls to others and exceptions of a service over time'
            options = @(
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--every text once Length of an interval (30s, 5m, 1h)'
              '--by =time,exception once Rows by time, or a row for each type of exception'
              '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
              '--watch flag once Ask again and draw in place until Ctrl-C'
              '--interval text once How often --watch asks'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'request' = @{
            help = 'Tell the whole story of one request: its row, traces, calls to others, exceptions, log, inputs and predictions'
            options = @(
              '--day text once One UTC day: 2026-03-01, today, yesterday'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--scope =component,workspace once Where the query runs on Azure: component has the classic tables, workspace the App... ones'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('text once', 'services once')
        }
        'open' = @{
            help = 'Open the Azure portal''s page of a service, or of the workspace where no service is named or set'
            options = @(
              '--insights flag once The Application Insights component'
              '--studio flag once Azure ML studio'
              '--storage flag once The storage account; of an embedded workspace, its folder'
              '--print flag once Print the address, and open nothing'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'ls' = @{
            help = 'List collected blobs of a date range'
            options = @(
              '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
              '--day text once One UTC day: 2026-03-01, today, yesterday'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--collection collections many Only this collection or designation; repeatable'
              '--model text once Only this model (v1)'
              '--model-version text once Only this version (v1)'
              '--by =day,month,collection once Counts and bytes of each day, month or collection instead of every blob'
              '--du flag once Counts and bytes of the service and of each model, version and collection'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'pull' = @{
            help = 'Download collected blobs of a date range, byte for byte, under their own paths'
            options = @(
              '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
              '--day text once One UTC day: 2026-03-01, today, yesterday'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--collection collections many Only this collection or designation; repeatable'
              '--model text once Only this model (v1)'
              '--model-version text once Only this version (v1)'
              '--to-dir folders once Where to; made when it is not there'
              '--overwrite =changed,always,never once Which files that are there are fetched again'
              '--delete-missing flag once Delete files of this selection that pull wrote and whose blobs are gone'
              '--max-bytes text once Fetch nothing when there is more than this to fetch: 500MB, 2GB'
              '--parallel text once How many requests are made at once'
              '--cap-mbps text once Take no more of the network: megabits a second'
              '--dry-run flag once Show what would be fetched and deleted, and do neither'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'dataset' = @{
            help = 'Join what a service was given with what it answered, one row for each row that was scored'
            options = @(
              '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
              '--day text once One UTC day: 2026-03-01, today, yesterday'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--collection collections many Only this collection or designation; repeatable'
              '--model text once Only this model (v1)'
              '--model-version text once Only this version (v1)'
              '--with files once Join a csv, parquet or jsonl file of labels; see --on'
              '--on text once The column that the dataset and the file share'
              '--matched-only flag once Leave out rows without a partner in every collection, or without a label'
              '--sort text many Sort by this, falling with a - before it'
              '--datetime text many This column holds times: milliseconds since 1970, or text'
              '--partition =day once A file for each day in --to-dir: DIR/day=2026-03-01/rows.parquet, or -o csv, -o jsonl'
              '--to-dir folders once Where the files of --partition go; those of the same days are replaced'
              '--for-spreadsheet flag once csv whose times, long numbers and digits like 007 a spreadsheet reads as they are'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'handoff' = @{
            help = 'Print a query or a notebook cell that reads exactly these collected blobs where they stand'
            options = @(
              '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
              '--day text once One UTC day: 2026-03-01, today, yesterday'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--collection collections many Only this collection or designation; repeatable'
              '--model text once Only this model (v1)'
              '--model-version text once Only this version (v1)'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('=powerbi,databricks,duckdb,pandas once', 'services once')
        }
        'drift' = @{
            help = 'Tell whether a service is still given what its model was trained on'
            options = @(
              '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
              '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
              '--target files once Compare this file instead of what a service collected'
              '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
              '--day text once One UTC day: 2026-03-01, today, yesterday'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--by =day,week,month once Each of these besides all'
              '--on =inputs,predictions once What the model was given, or what it answered'
              '--features text many Only these; repeatable'
              '--exclude text many All but these; repeatable'
              '--label text once The baseline''s column that the model is not given'
              '--number text many These are numbers'
              '--category text many These are categories'
              '--threshold text many The effect above which a difference matters: 0.1, or age=0.2 for one feature; repeatable'
              '--compat =azure-v1,azure-v2 once Compute the figures as Azure''s own monitors do, faults included'
              '--html files once Write a page that opens offline'
              '--fail-on-drift flag once Exit with 3 when there is drift'
              '--fail-on-no-data flag once Exit with 5 when there are no data, or stale ones'
              '--since-last flag once The days that have ended since the last such run; at first the last seven'
              '--stale-after text once Call the data stale when its newest row is so much older than the end of the range'
              '--engine =spark,azureml once Summarize collected data by Spark, one''s own or a job on Azure''s: for tens of GB a day'
              '--master text once Where Spark runs: local[2], spark://HOST:PORT, yarn'
              '--instance-type text once The machines of a job: standard_e4s_v3 (the default) to standard_e64s_v3'
              '--job text once Submit none: wait for this job, and bring home what it made'
              '--write-job text once Submit none: write the job and its code there, to be read, or for az ml job create'
              '--alert =webhook,slack,teams,smtp many Tell people when the verdict changes; repeatable'
              '--alert-dry-run flag once Show what --alert would send, and send nothing'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'drift-explain' = @{
            help = 'Show how a feature is distributed in baseline and target, and the records that moved it'
            options = @(
              '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
              '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
              '--target files once Compare this file instead of what a service collected'
              '--month =1,2,3,4,5,6,7,8,9,10,11,12 once A month: 3 (the latest March that has begun) or 2026-03'
              '--day text once One UTC day: 2026-03-01, today, yesterday'
              '--from,--since text once Start, included: a date, a time, today, yesterday, or a duration ago (90s, 5h30m, 7d)'
              '--to,--until text once End, not included; written like --from'
              '--on =inputs,predictions once What the model was given, or what it answered'
              '--number text many These are numbers'
              '--category text many These are categories'
              '--rows text once So many records'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('text once', 'services once')
        }
        'drift-calibrate' = @{
            help = 'Propose a threshold for each feature: what chance alone hardly ever makes of it'
            options = @(
              '--baseline files once What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION'
              '--baseline-range text once Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01'
              '--on =inputs,predictions once What the model was given, or what it answered'
              '--features text many Only these; repeatable'
              '--exclude text many All but these; repeatable'
              '--label text once The baseline''s column that the model is not given'
              '--number text many These are numbers'
              '--category text many These are categories'
              '--rows text once So many rows a check will look at'
              '--runs text once One false alarm in so many checks is allowed'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('services once')
        }
        'drift-schedule' = @{
            help = 'Print a file with which another tool checks for drift regularly'
            options = @(
              '--baseline files once As mlmon drift takes it: a file, or azureml:NAME:VERSION'
              '--every =day,week,hour once How often'
              '--at text once When: in this machine''s time for cron and systemd, else UTC'
              '--alert =webhook,slack,teams,smtp many Tell people when the verdict changes; repeatable'
              '--threshold text many As mlmon drift takes it; repeatable'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('=cron,systemd,github,azure-devops once', 'services once')
        }
        'diff' = @{
            help = 'Compare two files column by column: what came, went or changed its type, and by how much values changed'
            options = @(
              '--number text many This column holds numbers, whatever it looks like'
              '--category text many This column holds categories, although they are numbers'
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('text once', 'text once')
        }
        'completion' = @{
            help = 'Print the script that lets a shell complete mlmon''s commands, options, services and collections'
            options = @(
              '--output,-o =table,json,jsonl,csv,tsv,md,parquet once How data is written to stdout'
              '--workspace workspaces once A workspace named in the settings, or a folder written as a path (./x, /x, ~/x)'
              '--quiet,-q flag once No notes and no progress'
              '--debug flag once Say on stderr what is being done'
              '--no-color flag once No colour'
              '--tenant text once The tenant to sign in to, for people with several'
              '--cloud text once The cloud: AzureChinaCloud, AzureUSGovernment, or one that ARM_CLOUD_METADATA_URL describes'
              '--storage-auth =identity,key once Open storage as the signed-in identity, or with its account key'
              '--timeout text once How long one answer or operation is waited for (90s, 10m)'
              '--help,-h flag once Show this message and exit'
            )
            arguments = @('=bash,zsh,fish,powershell,pwsh once')
        }
    }

    # The option of that name as names, kind, often and help; nothing when there is none.
    function Find-MlmonOption([string[]] $Options, [string] $Name) {
        foreach ($row in $Options) {
            $names, $kind, $often, $help = $row -split ' ', 4
            if (($names -split ',') -ccontains $Name) {
                return @{ names = $names; kind = $kind; often = $often; help = $help }
            }
        }
    }

    # What the next argument may be: the last kind again where many are taken, else nothing.
    function Get-MlmonArgument([string[]] $Arguments, [int] $Taken) {
        if ($Taken -lt $Arguments.Count) { return ($Arguments[$Taken] -split ' ')[0] }
        if ($Arguments.Count -and $Arguments[-1] -clike '* many') { return ($Arguments[-1] -split ' ')[0] }
    }

    # The names mlmon knows of a kind, each with its description.
    function Get-MlmonName([string] $Kind, [string] $Workspace, [string] $Service) {
        $program = Get-Command -Name mlmon -CommandType Application -ErrorAction Ignore | Select-Object -First 1
        if (-not $program) { return }
        $encoding = [Console]::OutputEncoding
        try {
            [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
            & $program __complete $Kind "--workspace=$Workspace" "--service=$Service" 2>$null | ForEach-Object {
                $name, $about = $_ -split "`t", 2
                @{ text = $name; about = $about }
            }
        } finally {
            [Console]::OutputEncoding = $encoding
        }
    }

    # A word as PowerShell passes it on unchanged. Typographic quotes end a string as well, so they are doubled too.
    function ConvertTo-MlmonWord([string] $Text) {
        if ($Text -cmatch '^[A-Za-z0-9_./=:-]+$' -and $Text -cnotmatch '^-.*[.:]') { return $Text }
        return "'" + ($Text -replace '[''\u2018-\u201b]', '$0$0') + "'"
    }

    function New-MlmonResult([string] $Text, [string] $About, [string] $Type, [string] $Prefix) {
        $tip = if ($About) { $About } else { $Text }
        [System.Management.Automation.CompletionResult]::new((ConvertTo-MlmonWord "$Prefix$Text"), $Text, $Type, $tip)
    }

    # the words before the one under the cursor, unquoted but not expanded
    $line = @(
        $commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object { if ($null -ne $_.Value) { [string] $_.Value } else { $_.Extent.Text } }
    )
    $typed = [string] $wordToComplete -replace '^[''"]', ''
    $grammar = $commands['']
    $command = ''
    $ended = $false
    $awaited = $null
    $workspace = ''
    $service = ''
    $given = @()
    $taken = @()

    foreach ($word in $line) {
        if ($awaited) {
            if ($awaited.names -ceq '--workspace') { $workspace = $word }
            $awaited = $null
        } elseif (-not $ended -and $word -ceq '--') {
            $ended = $true
        } elseif (-not $ended -and $word.StartsWith('--')) {
            $name, $value = $word -split '=', 2
            $option = Find-MlmonOption $grammar.options $name
            if (-not $option) { continue }
            if ($option.often -ceq 'once') { $given += $option.names }
            if ($option.kind -ceq 'flag') { continue }
            if ($null -eq $value) { $awaited = $option } elseif ($name -ceq '--workspace') { $workspace = $value }
        } elseif (-not $ended -and $word -cmatch '^-.') {
            for ($at = 1; $at -lt $word.Length; $at++) {
                $option = Find-MlmonOption $grammar.options "-$($word[$at])"
                if (-not $option) { break }
                if ($option.often -ceq 'once') { $given += $option.names }
                if ($option.kind -ceq 'flag') { continue }
                if ($at -eq $word.Length - 1) { $awaited = $option }
                break
            }
        } elseif (-not $command) {
            $command = $word
            if (-not $commands.Contains($command)) { return }
            $grammar = $commands[$command]
        } else {
            if ((Get-MlmonArgument $grammar.arguments $taken.Count) -ceq 'services') { $service = $word }
            $taken += $word
        }
    }

    $kind = ''
    $prefix = ''
    $positional = $false
    if ($awaited) {
        $kind = $awaited.kind
    } elseif (-not $ended -and $typed -cmatch '^--[^=]+=') {
        $prefix = $Matches[0]
        $option = Find-MlmonOption $grammar.options $prefix.TrimEnd('=')
        if ($option) { $kind = $option.kind }
    } elseif (-not $ended -and $typed.StartsWith('-')) {
        $kind = 'options'
    } elseif (-not $command) {
        $kind = 'commands'
    } else {
        $positional = $true
        $kind = Get-MlmonArgument $grammar.arguments $taken.Count
    }
    $start = $typed.Substring($prefix.Length)
    if ($kind -ceq 'workspaces' -and $start -match '^[./~]') { $kind = 'folders' }

    switch -Regex -CaseSensitive ($kind) {
        '^commands$' {
            foreach ($name in $commands.Keys) {
                if ($name -and $name.StartsWith($start, [StringComparison]::Ordinal)) {
                    New-MlmonResult $name $commands[$name].help 'Command' ''
                }
            }
        }
        '^options$' {
            foreach ($row in $grammar.options) {
                $names, $null, $null, $help = $row -split ' ', 4
                if ($given -ccontains $names) { continue }
                foreach ($name in $names -split ',') {
                    if ($name.StartsWith($start, [StringComparison]::Ordinal)) {
                        New-MlmonResult $name $help 'ParameterName' ''
                    }
                }
            }
        }
        '^(services|collections|workspaces|queries)$' {
            foreach ($one in Get-MlmonName $kind $workspace $service) {
                # a name that looks like an option is one, unless -- ended them
                if ($positional -and -not $ended -and $one.text.StartsWith('-')) { continue }
                if ($positional -and $taken -ccontains $one.text) { continue }
                if ($one.text.StartsWith($start, [StringComparison]::Ordinal)) {
                    New-MlmonResult $one.text $one.about 'ParameterValue' $prefix
                }
            }
        }
        '^=' {
            foreach ($value in $kind.Substring(1) -split ',') {
                if ($value.StartsWith($start, [StringComparison]::Ordinal)) {
                    New-MlmonResult $value '' 'ParameterValue' $prefix
                }
            }
        }
        '^(files|folders)$' {
            foreach ($one in [System.Management.Automation.CompletionCompleters]::CompleteFilename($start)) {
                if ($kind -ceq 'files' -or $one.ResultType -eq 'ProviderContainer') {
                    [System.Management.Automation.CompletionResult]::new(
                        "$prefix$($one.CompletionText)", $one.ListItemText, $one.ResultType, $one.ToolTip)
                }
            }
        }
    }
}
